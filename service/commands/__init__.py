"""What ``peer-matcher`` can be told to do: one file a command."""
