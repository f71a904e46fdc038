// First file of Security.
