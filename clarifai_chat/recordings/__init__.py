"""Save an answer, a run or a comparison as a recording; read it, and play it as it arrived."""
