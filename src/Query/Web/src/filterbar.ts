import type { Field } from './api';
import { h } from './dom';

interface Suggestion {
  text: string;
  help: string;
}

/** The filter expression, with completion of fields, operators and values. */
export class FilterBar {
  readonly element: HTMLElement;
  readonly input = h('input', {
    type: 'text',
    id: 'filter',
    placeholder: 'process == "curl" and port == 443        ( / to type here )',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    role: 'combobox',
    'aria-label': 'Filter expression',
    'aria-expanded': 'false',
    'aria-controls': 'suggestions',
  });
  private readonly list = h('ul', { id: 'suggestions', role: 'listbox', hidden: true });
  private readonly error = h('div', { class: 'filter-error', role: 'alert', hidden: true });
  private fields: Field[] = [];
  private suggestions: Suggestion[] = [];
  private chosen = -1;

  constructor(private readonly apply: (filter: string) => void) {
    this.element = h('div', { class: 'filter' }, this.input, this.list, this.error);
    this.input.addEventListener('input', () => this.suggest());
    this.input.addEventListener('focus', () => this.suggest());
    this.input.addEventListener('blur', () => setTimeout(() => this.close(), 150));
    this.input.addEventListener('keydown', (event) => this.key(event));
  }

  set known(fields: Field[]) {
    this.fields = fields;
  }

  set value(text: string) {
    this.input.value = text;
  }

  fail(message: string, column?: number): void {
    this.error.replaceChildren();
    if (column !== undefined) {
      const text = this.input.value;
      this.error.append(
        h('code', {}, text.slice(0, column - 1), h('mark', {}, text.slice(column - 1, column) || ' '), text.slice(column)),
        h('span', {}, message.replace(/^parameter 'filter', /, '')),
      );
    } else {
      this.error.append(h('span', {}, message));
    }
    this.error.hidden = false;
    this.input.focus();
    this.close();
    this.input.setAttribute('aria-invalid', 'true');
  }

  clearError(): void {
    this.error.hidden = true;
    this.input.removeAttribute('aria-invalid');
  }

  private key(event: KeyboardEvent): void {
    const open = !this.list.hidden;
    if (event.key === 'ArrowDown' && open) {
      this.choose(this.chosen + 1);
    } else if (event.key === 'ArrowUp' && open) {
      this.choose(this.chosen - 1);
    } else if ((event.key === 'Tab' || event.key === 'Enter') && open && this.chosen >= 0) {
      this.take(this.suggestions[this.chosen]!);
    } else if (event.key === 'Enter') {
      this.close();
      this.input.blur();
      this.apply(this.input.value.trim());
      return;
    } else if (event.key === 'Escape') {
      if (open) {
        this.close();
      } else {
        this.input.blur();
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private suggest(): void {
    const before = this.input.value.slice(0, this.input.selectionStart ?? this.input.value.length);
    const word = /[\w.]*$/.exec(before)![0];
    const rest = before.slice(0, before.length - word.length);
    this.suggestions = this.candidates(rest, word).slice(0, 12);
    this.list.replaceChildren(
      ...this.suggestions.map((one, i) =>
        h('li', { role: 'option', id: `suggestion-${i}`, mousedown: (e: MouseEvent) => (e.preventDefault(), this.take(one)) }, h('b', {}, one.text), h('span', {}, one.help)),
      ),
    );
    this.list.hidden = this.suggestions.length === 0;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    this.choose(-1);
  }

  // Inside quotes nothing is suggested.
  private candidates(rest: string, word: string): Suggestion[] {
    if ((rest.replace(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1) {
      return [];
    }
    const last = /(\w+)\s*(==|!=|<=|>=|=~|!~|<|>|~|in\s*\([^)]*|)\s*$/.exec(rest);
    const field = last && this.fields.find((f) => f.name === last[1]);
    if (field && last[2]) {
      return field.values.filter((v) => v.startsWith(word)).map((v) => ({ text: v, help: field.name }));
    }
    if (field && rest.endsWith(' ')) {
      return field.operators.filter((o) => o.startsWith(word)).map((o) => ({ text: o, help: field.example }));
    }
    const isWhole = /("|\d|\)|\w)\s+$/.test(rest) && !/\b(and|or|not)\s+$/i.test(rest) && rest.trim().length > 0;
    if (isWhole) {
      return ['and', 'or'].filter((w) => w.startsWith(word)).map((w) => ({ text: w, help: '' }));
    }
    return this.fields.filter((f) => f.name.startsWith(word)).map((f) => ({ text: f.name, help: f.description }));
  }

  private choose(index: number): void {
    this.chosen = Math.max(-1, Math.min(index, this.suggestions.length - 1));
    [...this.list.children].forEach((item, i) => item.setAttribute('aria-selected', String(i === this.chosen)));
    this.input.setAttribute('aria-activedescendant', this.chosen >= 0 ? `suggestion-${this.chosen}` : '');
  }

  private take(one: Suggestion): void {
    const at = this.input.selectionStart ?? this.input.value.length;
    const before = this.input.value.slice(0, at).replace(/[\w.]*$/, '');
    this.input.value = `${before}${one.text} ${this.input.value.slice(at)}`;
    const position = before.length + one.text.length + 1;
    this.input.setSelectionRange(position, position);
    this.suggest();
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
  }
}
