// First file of Messaging.
