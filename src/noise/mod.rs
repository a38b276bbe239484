//! Noise with exact moments, one file each.
