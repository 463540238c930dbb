import { whyNoNetwork } from '@triterm/core/testing/network/namespaces';
import { describe } from 'vitest';
import { namespacedFleet } from '../support/partitions.ts';
import { partitionSuite } from './partition-suite.ts';

const why = await whyNoNetwork();

describe.skipIf(why !== undefined)(
  `servers on hosts of their own${why === undefined ? '' : `: skipped, ${why}`}`,
  () => partitionSuite(namespacedFleet, { patient: true }),
);
