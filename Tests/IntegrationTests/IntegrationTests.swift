// First file of IntegrationTests.
