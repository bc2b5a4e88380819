//! How is the work of many done at once? Who comes while some of it is under way waits in line, and
//! what is next takes as many of them as it can: a crowd costs little, and a lone one never waits.

/// Those that wait for the same kind of work, of which one piece is under way at a time.
#[derive(Debug)]
pub struct Line<T> {
    waiting: Vec<T>,
    is_under_way: bool,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), is_under_way: false }
    }
}

impl<T> Line<T> {
    /// These wait, too.
    pub fn join(&mut self, waiting: impl IntoIterator<Item = T>) {
        self.waiting.extend(waiting);
    }

    /// Those that the next piece of work is for, if it can begin: whom `choose` takes out of the
    /// ones that wait, of which there is one at least. They have waited the longer the further they
    /// stand to the front.
    pub fn begin(&mut self, choose: impl FnOnce(&mut Vec<T>) -> Vec<T>) -> Option<Vec<T>> {
        if self.is_under_way || self.waiting.is_empty() {
            return None;
        }
        self.is_under_way = true;
        Some(choose(&mut self.waiting))
    }

    /// What was under way has ended, well or badly.
    pub fn end(&mut self) {
        self.is_under_way = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two at a time.
    fn begin(line: &mut Line<u32>) -> Option<Vec<u32>> {
        line.begin(|waiting| waiting.drain(..waiting.len().min(2)).collect())
    }

    #[test]
    fn who_comes_meanwhile_waits_for_the_next() {
        let mut line = Line::default();
        assert_eq!(begin(&mut line), None, "nobody is there");
        line.join([1]);
        assert_eq!(begin(&mut line), Some(vec![1]));
        line.join([2, 3, 4]);
        assert_eq!(begin(&mut line), None, "one is under way");
        line.end();
        assert_eq!(begin(&mut line), Some(vec![2, 3]));
        line.end();
        assert_eq!(begin(&mut line), Some(vec![4]));
        line.end();
        assert_eq!(begin(&mut line), None);
        line.join([5]);
        assert_eq!(begin(&mut line), Some(vec![5]), "an end without a successor leaves no trace");
    }
}
