// First file of Web.
