"""What the catalogue says of itself, as files for readers of other languages: made from the Structs, never by hand."""
