// First file of Mongo.
