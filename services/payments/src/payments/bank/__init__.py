"""The bank as payments sees it: the port, the formats that banks read and write, the adapter, the kept files."""
