//! Problems with derived class constants, one file each.
