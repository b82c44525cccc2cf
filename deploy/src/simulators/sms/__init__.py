"""The SMS provider's stand-in: takes messages once, keeps them to itself, tells when they arrived."""
