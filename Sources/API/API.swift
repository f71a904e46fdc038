// First file of API.
