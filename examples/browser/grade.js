/**
 * How hard a text is to read, by Flesch's formula: words per sentence, and syllables per word. It takes nothing from around it, so that
 * it can be sent to a worker as it is.
 */
export function grade(text) {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  if (words.length === 0) return "no prose";
  const sentences = Math.max(1, text.split(/[.!?]+\s/).length);
  let syllables = 0;
  for (const word of words) {
    const vowels = word.replace(/(?:[^laeiouy]es|ed|[^laeiouy]e)$/, "").match(/[aeiouy]{1,2}/g);
    syllables += vowels?.length ?? 1;
  }
  const ease = 206.835 - 1.015 * (words.length / sentences) - 84.6 * (syllables / words.length);
  return ease > 70 ? "easy" : ease > 40 ? "plain" : "hard";
}
