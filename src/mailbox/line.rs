//! How is the work of many done at once? Who comes while some of it is under way waits in line, and
//! what is next takes as many of them as it can: a crowd costs little, and where they come one by one
//! none waits.

/// Those that wait for the same kind of work, of which one piece is under way at a time.
#[derive(Debug)]
pub struct Line<T> {
    waiting: Vec<T>,
    is_under_way: bool,
    /// How many the last piece of work was for.
    last: usize,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), is_under_way: false, last: 0 }
    }
}

impl<T> Line<T> {
    /// These wait, too.
    pub fn join(&mut self, waiting: impl IntoIterator<Item = T>) {
        self.waiting.extend(waiting);
    }

    /// Whether one waits alone.
    pub fn is_of_one(&self) -> bool {
        self.waiting.len() == 1
    }

    /// Whether the next piece of work could begin, but for less than half as many as the last one.
    /// Those were a crowd, and a crowd comes back: work that begins with its first one makes all the
    /// others wait for one piece more. Who waited for all of them would have nothing to do meanwhile.
    pub fn is_short(&self) -> bool {
        !self.is_under_way && !self.waiting.is_empty() && self.waiting.len() * 2 < self.last
    }

    /// Those that the next piece of work is for, if it can begin: whom `choose` takes out of the
    /// ones that wait, of which there is one at least. They have waited the longer the further they
    /// stand to the front.
    pub fn begin(&mut self, choose: impl FnOnce(&mut Vec<T>) -> Vec<T>) -> Option<Vec<T>> {
        if self.is_under_way || self.waiting.is_empty() {
            return None;
        }
        self.is_under_way = true;
        let chosen = choose(&mut self.waiting);
        self.last = chosen.len();
        Some(chosen)
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

    #[test]
    fn a_line_is_short_while_less_than_half_of_the_last_crowd_is_there() {
        let mut line = Line::default();
        let all = |waiting: &mut Vec<u32>| std::mem::take(waiting);
        line.join([1]);
        assert!(line.is_of_one() && !line.is_short(), "nobody was here before");
        line.join([2, 3, 4, 5]);
        line.begin(all);
        line.join([6]);
        assert!(!line.is_short(), "it cannot begin");
        line.end();
        assert!(line.is_of_one() && line.is_short());
        line.join([7]);
        assert!(!line.is_of_one() && line.is_short());
        line.join([8]);
        assert!(!line.is_short(), "three of five");
        line.begin(all);
        line.end();
        assert!(!line.is_short(), "nobody waits");
        line.join([9]);
        assert!(line.is_short());
        line.begin(all);
        line.end();
        line.join([10]);
        assert!(!line.is_short(), "the last one was alone, too");
    }
}
