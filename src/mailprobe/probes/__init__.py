"""One readable script per conversation, in the order of the conversation."""
