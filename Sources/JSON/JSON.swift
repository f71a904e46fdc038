// First file of JSON.
