//! What modules, commands, models and fields may be called.
