"""Reading and writing mail matters: pure, no sockets, no clock."""
