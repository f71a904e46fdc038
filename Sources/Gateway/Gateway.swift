// First file of Gateway.
