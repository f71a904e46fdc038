// First file of Support.
