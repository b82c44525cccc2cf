"""Papers that people hand in: recognised by content, kept sealed, shown without their metadata, read by machine."""
