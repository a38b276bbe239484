//! Whether a method stays where the constants of a problem hold.
//!
//! Every proof uses A2 and A4 between iterates, and between iterates and the points at which gradients are taken. Where they
//! hold on the whole space nothing is to be checked. On a region they have to be known to stay there, which of the methods
//! that theorems schedule only the constrained form does: its points are convex combinations of X_0 and of points of the
//! ball ||X|| <= R.

use heavynorm::spec::Region;

use crate::{PlanError, Setting, Theorem};

/// The methods that stay in the ball of the setting's radius.
const STAY_IN_THE_BALL: &[&str] = &["constrained-scion"];

/// Refuses a theorem whose method may leave the region.
///
/// # Errors
/// [`PlanError::LeavesRegion`] for a method without a ball, [`PlanError::BallOutsideRegion`] for a ball that is not known to
/// lie inside, [`PlanError::MissingRadius`], and those of the norm.
pub fn stays_within(region: Region, theorem: &dyn Theorem, setting: &Setting) -> Result<(), PlanError> {
    let Region::FrobeniusBall(largest) = region else { return Ok(()) };
    let id = theorem.statement().name;
    if !STAY_IN_THE_BALL.contains(&theorem.method()) {
        return Err(PlanError::LeavesRegion { theorem: id, largest });
    }
    let radius = setting.r(id)?;
    if region.contains_ball(&*setting.norm, setting.dimensions, radius)? {
        return Ok(());
    }
    let largest_radius = largest / setting.norm.ball(setting.dimensions)?.circumradius;
    Err(PlanError::BallOutsideRegion { radius, norm: setting.norm.label(), largest, largest_radius })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use heavynorm::norms::{frobenius::Frobenius, spectral::Spectral};
    use heavynorm::spec::{Accuracy, Dimensions, Gap, MomentOrder, NoiseScale, Norm, Smoothness};

    use super::*;
    use crate::{Radius, theorem, theorems};

    fn setting(norm: Arc<dyn Norm<f64>>, radius: f64) -> Setting {
        Setting {
            dimensions: Dimensions::new(4, 9).unwrap(),
            moment_order: MomentOrder::new(1.5).unwrap(),
            noise_scale: NoiseScale::new(1.0).unwrap(),
            smoothness: Smoothness::new(1.0, norm.label()).unwrap(),
            sample_smoothness: None,
            inexactness: None,
            hessian_lipschitz: None,
            gap: Gap::new(1.0).unwrap(),
            accuracy: Accuracy::new(0.1).unwrap(),
            radius: Some(Radius::new(radius).unwrap()),
            norm,
        }
    }

    #[test]
    fn on_a_ball_only_the_constrained_form_is_admitted_and_only_with_a_smaller_ball() {
        let ball = Region::FrobeniusBall(3.0);
        for t in theorems() {
            let s = setting(Arc::new(Frobenius), 3.0);
            assert_eq!(stays_within(Region::Whole, &*t, &s), Ok(()));
            let on_the_ball = stays_within(ball, &*t, &s);
            match t.statement().name {
                "U6" => assert_eq!(on_the_ball, Ok(())),
                id => {
                    assert_eq!(on_the_ball, Err(PlanError::LeavesRegion { theorem: id, largest: 3.0 }));
                    assert!(on_the_ball.unwrap_err().to_string().contains("theorem U6"));
                }
            }
        }
        // A spectral ball of radius 3/2 has Frobenius radius 3 on 4 x 9.
        let u6 = theorem("U6").unwrap();
        let with = |radius| stays_within(ball, &*u6, &setting(Arc::new(Spectral), radius));
        assert_eq!(with(1.5), Ok(()));
        let text = with(1.5001).unwrap_err().to_string();
        assert!(text.contains("at most 1.5") && text.contains("spectral"), "{text}");
        let s = Setting { radius: None, ..setting(Arc::new(Spectral), 1.0) };
        assert_eq!(stays_within(ball, &*u6, &s), Err(PlanError::MissingRadius("U6")));
    }
}
