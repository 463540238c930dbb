import { describe } from 'vitest';
import { proxiedFleet } from '../support/partitions.ts';
import { partitionSuite } from './partition-suite.ts';

describe('servers whose connections fall silent', () => partitionSuite(proxiedFleet, { patient: false }));
