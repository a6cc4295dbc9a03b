/** A list that goes on by a cursor: awaited it is its first page, iterated it is every item of every page. */

/** The answer of a list. Nothing is asked until it is awaited or iterated. */
export class Pages<P extends object, I> implements Promise<P>, AsyncIterable<I> {
  readonly [Symbol.toStringTag] = "Pages";
  readonly #ask: (cursor: string | undefined) => Promise<P>;
  readonly #items: string;
  readonly #start: string | undefined;
  #first: Promise<P> | undefined;

  /** `items` names the field with a page's items; `start` is the cursor that the caller gave. */
  constructor(
    ask: (cursor: string | undefined) => Promise<P>,
    items: string,
    start: string | undefined,
  ) {
    this.#ask = ask;
    this.#items = items;
    this.#start = start;
  }

  #firstPage(): Promise<P> {
    return (this.#first ??= this.#ask(this.#start));
  }

  then<A = P, B = never>(
    done?: ((page: P) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#firstPage().then(done, failed);
  }

  catch<B = never>(failed?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<P | B> {
    return this.#firstPage().catch(failed);
  }

  finally(ended?: (() => void) | null): Promise<P> {
    return this.#firstPage().finally(ended);
  }

  /** Page after page, until the last one, which names no further cursor. */
  async *pages(): AsyncGenerator<P, void, void> {
    let page = await this.#firstPage();
    let before = this.#start;
    for (;;) {
      yield page;
      const { next_cursor: next, has_more: more } = page as {
        next_cursor?: unknown;
        has_more?: unknown;
      };
      // A log answers where it goes on also at its end, where nothing is yet.
      if (typeof next !== "string" || next === before || more === false) return;
      before = next;
      page = await this.#ask(next);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<I, void, void> {
    for await (const page of this.pages())
      yield* ((page as Record<string, unknown>)[this.#items] ?? []) as I[];
  }
}
