// First file of ConformanceTests.
