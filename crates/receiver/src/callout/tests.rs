use super::*;

#[test]
fn pauses_double_to_a_bound() {
    for (failures, seconds) in [(0, 1), (1, 2), (5, 32), (6, 60), (u32::MAX, 60)] {
        assert_eq!(pause(failures), Duration::from_secs(seconds), "{failures}");
    }
}
