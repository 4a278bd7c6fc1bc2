"""Networks with a loss, as the plugin classes of models make them. Importing one imports torch."""
