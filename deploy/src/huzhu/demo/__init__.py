"""The demonstration: a donation, a roster, seven cases, a bank that sends money back, a check-up stop."""
