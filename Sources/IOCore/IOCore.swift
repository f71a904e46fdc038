// First file of IOCore.
