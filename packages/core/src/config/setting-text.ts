import * as z from 'zod';
import { type Config, configSchema } from './schema.ts';

/** The names of all settings, in the order in which they are documented. */
export const SETTINGS = Object.keys(configSchema.shape) as readonly (keyof Config)[];

export function isSetting(name: string): name is keyof Config {
  return Object.hasOwn(configSchema.shape, name);
}

/**
 * The text of a variable or an argument as the type that the setting wants: numbers and booleans by their JSON form, lists separated by
 * commas, an empty text as null where that is a value. What does not fit stays text, and the schema says what is wrong with
 * it.
 */
export function parseSettingText(setting: keyof Config, text: string): unknown {
  return parseText(configSchema.shape[setting], text);
}

function parseText(schema: z.core.$ZodType, text: string): unknown {
  if (schema instanceof z.ZodDefault) return parseText(schema.def.innerType, text);
  if (schema instanceof z.ZodNullable) {
    return text === '' || text === 'null' ? null : parseText(schema.def.innerType, text);
  }
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean) {
    if (['true', '1', 'on'].includes(text)) return true;
    return ['false', '0', 'off'].includes(text) ? false : text;
  }
  if (schema instanceof z.ZodArray) return text === '' ? [] : text.split(',').map(item => item.trim());
  return text;
}
