import { use, init, getInstanceByDom } from "echarts/core";
import { LineChart, ScatterChart, CustomChart } from "echarts/charts";
import { GridComponent, TooltipComponent, AriaComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
use([LineChart, ScatterChart, CustomChart, GridComponent, TooltipComponent, AriaComponent, LabelLayout, SVGRenderer]);
export { init, getInstanceByDom };
