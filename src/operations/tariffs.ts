/** The operations on tariffs as documents. @module */
import {
  tariffCheck,
  tariffCheckInputSchema,
  tariffCheckOutputSchema,
  tariffExplain,
  tariffExplainInputSchema,
  tariffExplainOutputSchema,
  tariffExport,
  tariffExportInputSchema,
  tariffExportOutputSchema,
  tariffImport,
  tariffImportInputSchema,
  tariffImportOutputSchema,
} from '#tariffs/tariff-operations';
import type { OperationBody } from './operation.ts';

/** The working part of `tariff import`. */
export const tariffImportBody: OperationBody = {
  input: tariffImportInputSchema,
  output: tariffImportOutputSchema,
  handle: (document) => Promise.resolve(tariffImport(document)),
};

/** The working part of `tariff check`. */
export const tariffCheckBody: OperationBody = {
  input: tariffCheckInputSchema,
  output: tariffCheckOutputSchema,
  handle: (document, context) => Promise.resolve(tariffCheck(document, context.tariffDocument)),
};

/** The working part of `tariff explain`. */
export const tariffExplainBody: OperationBody = {
  input: tariffExplainInputSchema,
  output: tariffExplainOutputSchema,
  handle: (document, context) => Promise.resolve(tariffExplain(document, context.tariffDocument)),
};

/** The working part of `tariff export`. */
export const tariffExportBody: OperationBody = {
  input: tariffExportInputSchema,
  output: tariffExportOutputSchema,
  handle: (document, context) => Promise.resolve(tariffExport(document, context.tariffDocument)),
};
