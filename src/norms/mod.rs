//! Norms with exact linear minimisation oracles, one file each.
