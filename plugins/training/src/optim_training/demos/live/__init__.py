"""The demos themselves, which import torch and the library that each writes files with."""
