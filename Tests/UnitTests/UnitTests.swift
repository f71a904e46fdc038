// First file of UnitTests.
