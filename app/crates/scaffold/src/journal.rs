//! Changes on disk: all or nothing, and the way back.
