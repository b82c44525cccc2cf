"""The published vocabulary: every domain event, its envelope, and the values they share."""
