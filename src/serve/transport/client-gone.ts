/** The reason with which the signal of an exchange aborts. */
export function clientGone(): DOMException {
  return new DOMException("The client has closed the connection.", "AbortError");
}
