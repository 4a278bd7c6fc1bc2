"""The loggers themselves, which import Lightning and the library that each is of."""
