//! Methods: config, state and step, one file each.
