// First file of Storage.
