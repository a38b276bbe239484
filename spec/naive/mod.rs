//! Naive twins: the same quantities written from their definitions, for comparison with the fast forms.
