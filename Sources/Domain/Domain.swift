// First file of Domain.
