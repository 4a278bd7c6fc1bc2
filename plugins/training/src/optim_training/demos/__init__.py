"""What shows now and then what a model does with data: plugin classes of demos, and the callback that shows them."""
