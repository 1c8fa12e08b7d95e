/** Colours, on a terminal only, and not where NO_COLOR asks for none (https://no-color.org). */
import { styleText } from 'node:util';

type Colour = 'green' | 'red' | 'bold' | 'dim';

const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;

export function paint(colour: Colour, text: string): string {
  return isColoured ? styleText(colour, text) : text;
}
