//! `quickcheck::Arbitrary` for matrices and hypotheses.
