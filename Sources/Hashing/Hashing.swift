// First file of Hashing.
