import { attach } from './attach.ts';
import { create } from './create.ts';
import { detached } from './detached.ts';
import { echo } from './echo.ts';
import { fanOut } from './fan-out.ts';
import { list } from './list.ts';
import type { Measure } from './measure.ts';
import { memory } from './memory.ts';
import { sustained } from './sustained.ts';
import { throughput } from './throughput.ts';

export const MEASURES: readonly Measure[] = [
  throughput,
  sustained,
  detached,
  echo,
  attach,
  create,
  list,
  memory,
  fanOut,
];
