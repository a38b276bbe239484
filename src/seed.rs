//! Random streams: every number drawn anywhere comes from a (master seed, domain, number) triple.
//!
//! The generator has 2^64 streams per seed. Their numbers are shared out between domains by the highest bit, so that
//! what two purposes draw is independent even when their master seeds are equal, which is what defaults make them:
//!
//! ```text
//! [0, 2^63)     oracles, one stream per unit of a run       (`stream`)
//! [2^63, 2^64)  the data of problems, one stream per part   (`problem_stream`)
//! ```

use rand::SeedableRng;
pub use rand::rngs::ChaCha12Rng as Rng;

/// The first stream of the problems' domain.
const PROBLEMS: u64 = 1 << 63;

/// The generator of an oracle: stream `unit` under master seed `master`, value-stable across platforms and versions,
/// and independent of every other stream. Units stay below 2^63; numbers from there on belong to problems.
///
/// # Panics
/// If the unit is not below 2^63.
pub fn stream(master: u64, unit: u64) -> Rng {
    assert!(unit < PROBLEMS, "unit {unit} lies in the problems' domain");
    numbered(master, unit)
}

/// The generator of a part of a problem's data under the problem's own seed: value-stable like [`stream`], and
/// independent of every other part and of every oracle, whatever their master seed. Parts stay below 2^63.
///
/// # Panics
/// If the part is not below 2^63.
pub fn problem_stream(seed: u64, part: u64) -> Rng {
    assert!(part < PROBLEMS, "part {part} does not fit into the problems' domain");
    numbered(seed, PROBLEMS | part)
}

fn numbered(seed: u64, stream: u64) -> Rng {
    let mut rng = Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |m, s| stream(m, s).next_u64();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn an_oracle_and_a_problem_never_share_a_stream() {
        let mut first = std::collections::HashSet::new();
        let numbers = [0, 1, 2, 3, (1 << 63) - 1];
        for master in 0..4 {
            for number in numbers {
                assert!(first.insert(stream(master, number).next_u64()), "oracle {master} {number}");
                assert!(first.insert(problem_stream(master, number).next_u64()), "problem {master} {number}");
            }
        }
    }

    #[test]
    fn streams_are_those_that_recorded_data_came_from() {
        // The generator's own stream under its own seeding, which golden data rest on.
        let mut direct = Rng::seed_from_u64(2026);
        direct.set_stream(7);
        assert_eq!(stream(2026, 7).next_u64(), direct.next_u64());
    }
}
