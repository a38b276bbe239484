//! The one loop: seeds, trajectories, first passage, what is recorded.
