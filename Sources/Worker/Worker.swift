// First file of Worker.
