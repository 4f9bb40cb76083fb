"""What tests that touch mail ask for: a mail world, and the health of real ones."""
